"""The pages that come with the service. They know it only through its public interface."""
