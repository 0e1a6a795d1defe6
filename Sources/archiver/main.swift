import CommandLine

await Archiver.main()
