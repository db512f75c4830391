"""A Slack of one's own, on loopback: what a workspace keeps, its Web API, what people do in it, and a page of it.

It knows nothing of the program it serves: that finds it by `SLACK_API_URL`, and gets signed requests as Slack's are.
"""
