"""Judging a policy of choice by the decision log, before a learner sees it."""
