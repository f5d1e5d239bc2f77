"""THE WIRE: live events over Socket.IO."""
