let batch = try RowCodecBenchmark.run()
try ContentBenchmark.run(batch, rowCount: RowCodecBenchmark.batchRowCount)
