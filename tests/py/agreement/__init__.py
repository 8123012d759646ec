"""The same two strategies in other people's engines, and what is needed to compare trade lists.

Each engine gets identical indicator arrays (TA-Lib), so a difference between two trade lists is a difference in
execution. The conventions that had to be matched are written down in docs/models/agreement.md.
"""
