import CommandLine

Archiver.start()
