import ArchiveModel

/// How far the fetches of one pass over a table have come.
struct FetchPosition: Sendable, Equatable {
  /// Rows before it are done with in this pass.
  var floor: Timestamp?
  /// The period being fetched; nil when the next eligible row is to tell.
  var partition: Partition?
  /// The last row fetched in that period.
  var row: RowPosition?

  /// The position after a fetch that asked for `limit` rows of `partition` and got `rowCount`.
  ///
  /// Nil when the pass is over: an unbounded period gave fewer rows than asked for.
  func advanced(in partition: Partition, rowCount: Int, limit: Int, lastRow: RowPosition?) -> FetchPosition? {
    if rowCount == limit, let lastRow { return FetchPosition(floor: floor, partition: partition, row: lastRow) }
    return partition.end.map { FetchPosition(floor: $0, partition: nil, row: nil) }
  }
}

/// Lets the workers of one pass fetch in turn, so that their ranges never overlap.
///
/// A worker takes the turn, fetches, and gives it back advanced; encoding's aftermath, upload, check and delete of one
/// batch then go on beside the next worker's fetch.
actor FetchTurn {
  /// The right to fetch; given back exactly once.
  struct Ticket: Sendable {
    let number: Int
    let position: FetchPosition
  }

  private var position: FetchPosition? = FetchPosition()
  private var isClosed = false
  private var holder: Int?
  private var issued = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// Waits for the turn; nil once the pass is over.
  func take() async -> Ticket? {
    while holder != nil {
      await withCheckedContinuation { waiting.append($0) }
    }
    guard !isClosed, let position else { return nil }
    issued += 1
    holder = issued
    return Ticket(number: issued, position: position)
  }

  /// Gives the turn back. A nil position ends the pass. A ticket already given back changes nothing.
  func give(back ticket: Ticket, at position: FetchPosition?) {
    guard holder == ticket.number else { return }
    holder = nil
    self.position = position
    let woken = waiting
    waiting = []
    for continuation in woken { continuation.resume() }
  }

  /// Ends the pass: nobody gets a turn any more, and whoever waits is told when the holder gives back.
  func close() {
    isClosed = true
  }
}
