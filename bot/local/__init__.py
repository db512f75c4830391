"""A Slack of one's own, on loopback: what a workspace keeps, the Web API, what people do in it, and a page to see it on.

It knows nothing of the program it serves: that finds it by `SLACK_API_URL`, and gets signed requests as Slack's are.
"""
