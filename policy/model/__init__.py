"""The records of the policy tables, and their CSV reader and writer.

What is wrong with a policy is said by authoring.
"""
