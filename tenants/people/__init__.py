"""People: global identities; one e-mail, one sign-in, many channels. Sessions, passwords, links by mail."""
