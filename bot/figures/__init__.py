"""The flow metrics of streams and repositories, made of what is stored or of a history at hand: the same everywhere."""
