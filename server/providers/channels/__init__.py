"""Channels: how a proactive message leaves, each provider behind the same small Protocol.

ports       what an adapter is and what it answers  http        one request, and how far it came
webhook, whatsapp, telegram, email, outbox             an adapter each
registry    from a stored channel to its adapter    measured    counts tries and their time
"""
