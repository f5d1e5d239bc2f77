"""Socket.IO at speed: drop-ins for python-socketio's server, engine and Redis manager, on aiohttp.

Nothing here knows the rest of this project.
"""

from realtime.engine.engine import EngineServer
from realtime.engine.local import Manager
from realtime.engine.redis_manager import RedisManager
from realtime.engine.server import Server

__all__ = ["EngineServer", "Manager", "RedisManager", "Server"]
