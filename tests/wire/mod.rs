//! The server as AWS's own clients see it: nothing of ours is between them and the wire.
