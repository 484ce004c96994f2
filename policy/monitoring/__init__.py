"""What is watched: metrics, duties, what breaks soon, how far from a limit.

Verdicts come from the engine.
"""
