"""Joins rooms of a gavel server: one order for everybody, and nothing lost on the way."""

from .codes import CLOSE_CODES, ERROR_CODES
from .errors import GavelError
from .room import Room, join

__all__ = ["CLOSE_CODES", "ERROR_CODES", "GavelError", "Room", "join"]
