try RowCodecBenchmark.run()
