"""Files from SFTP servers: asset factories for one file, one archive member, or a folder."""
