"""The MongoDB store, for more than one replica of the service, over PyMongo's own async client."""

from app.storage.mongo.store import MongoStore

__all__ = ["MongoStore"]
