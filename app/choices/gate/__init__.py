"""What keeps learners from harm while choices are learned: suspensions, budgets, approved arms."""
