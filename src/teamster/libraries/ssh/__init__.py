"""SSH and SFTP: connection, host keys, listing and download."""
