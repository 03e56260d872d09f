"""Which arm: policies of choice, the gate that keeps learners from harm, experiments, judging by the log."""
