"""The live channels: a snapshot, then changes, to all who watch, on every replica."""

from app.broadcasting.broadcasting import Broadcasting
from app.broadcasting.channel import Channel, Kind, Viewer, Want
from app.broadcasting.view import Reader
from app.broadcasting.wire import Code, Wire

__all__ = ["Broadcasting", "Channel", "Code", "Kind", "Reader", "Viewer", "Want", "Wire"]
