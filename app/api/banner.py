"""What `masterx serve` prints when it serves: where its pages are, and what it found."""

from app import __version__
from app.bootstrap import entries_of
from app.bootstrap.service import Service
from app.settings import Settings, masked


def banner(settings: Settings, service: Service, url: str) -> str:
    """The lines; providers whose key is missing are left out, and the key is named."""
    keyless = sorted({entry.key_variable or "" for entry, key in entries_of(settings) if key is None})
    missing = f"  (more with {', '.join(keyless)} in the environment or in .env)" if keyless else ""
    lines = [
        f"MasterX {__version__}",
        f"  Chat       {url}/",
        f"  Dashboard  {url}/dashboard",
        f"  Teach      {url}/teach",
        f"  API        {url}/docs",
        f"  Health     {url}/health",
        f"  Metrics    {url}/metrics",
        f"  Store      {masked(settings.store)} · {service.health.parts['store'].detail}",
        f"  Cache      {masked(settings.cache)} · {service.health.parts['cache'].detail}",
    ]
    if service.recovered:
        lines.append(f"  Recovered  {service.recovered} interrupted turn(s), kept as incomplete")
    lines.append(f"  Providers  {', '.join(service.providers)}{missing}")
    return "\n".join(lines)
