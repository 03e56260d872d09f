"""What learners say of themselves: few rules, no model, each fact with its source and its time."""
