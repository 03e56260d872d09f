"""What all parts of a policy have in common."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of the policy: frozen, and a key that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
