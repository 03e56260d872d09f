"""What is learned knows learners by hashes that nobody can try a guess on who does not have the deployment's key."""

from hashlib import blake2b

_BYTES = 8


class Names:
    """The hashes of one deployment, with the secret that its replicas share (16 to 64 bytes); about 1 µs each.

    >>> here, there = Names(b"a key of 16 byte"), Names(b"another of 16 by")
    >>> here.of("w", "ada") == here.of("w", "ada") != here.of("w", "bob")
    True
    >>> here.of("w", "ada") in (there.of("w", "ada"), here.of("x", "ada"))
    False
    """

    __slots__ = ("_key", "deployment")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.deployment = blake2b(key=key, person=b"deployment", digest_size=_BYTES).hexdigest()
        """Names the deployment to others, and says nothing of its key."""

    def of(self, workspace: str, learner_id: str) -> str:
        """What a learner of a workspace is known by; the same learner elsewhere has another name."""
        whose = f"{workspace}\0{learner_id}".encode("utf-8", "surrogatepass")
        return blake2b(whose, key=self._key, person=b"learner", digest_size=_BYTES).hexdigest()
