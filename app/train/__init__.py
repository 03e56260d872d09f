"""`masterx train`: fits the model of knowledge on a deployment's own answers."""
