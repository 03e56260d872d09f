"""`masterx evaluate`: judges a policy by the log before a learner sees it."""
