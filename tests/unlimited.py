"""Limits of requests that bound nobody, for tests that ask much."""

from __future__ import annotations

from factbook.access.rate_limits import RateLimits
from factbook.core.security_sections import Security
from factbook.core.tiers import UNBOUND

UNLIMITED = RateLimits(Security(rate_limit=0, rate_burst=0), lambda scope: UNBOUND)
