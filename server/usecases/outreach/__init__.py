"""Proactive messages: planned, watched, held back, sent.

config, channels, consent      what a tenant chose and what contacts agreed to
schedule, manage, preview      what people do with triggers
occasions                      triggers made from silence, milestones and recurrence
fire                           one run over what is due: dispatch claims and decides, texts writes, delivery sends
"""
