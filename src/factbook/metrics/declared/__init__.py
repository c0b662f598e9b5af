"""From a document (YAML text, or JSON that was decoded) to a pack: what stands in it and whether its shape is right."""

from .pack import pack_of, read_pack

__all__ = ["pack_of", "read_pack"]
