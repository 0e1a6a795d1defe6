package import ArchiveModel

/// How much a table's batches may weigh on the database and its replicas.
package struct ImpactLimits: Sendable, Equatable {
  /// Share of wall time that the database may be kept busy by all workers together, above 0 up to 1; at 1 they never rest.
  package var pace = 1.0
  /// Rows a second at most, over all workers; nil for any number.
  package var maximumRowsPerSecond: Int?
  /// No batch begins while a replica is further behind; nil for any distance.
  package var maximumReplicaLag: Duration?
  /// Batches begin in these hours only, in the table's time zone; nil for all hours.
  package var window: DailyWindow?
  /// While this file exists, no batch begins; nil for none.
  package var pauseFile: String?

  package init() {}
}

/// What was found out before a batch; nil where nothing asks for it.
struct ImpactFacts: Sendable, Equatable {
  var secondOfDay: Int?
  var isPauseFilePresent = false
  /// Of the replica furthest behind; nil also where none is connected, or all have caught up.
  var replicaLag: Duration?
}

/// Whether a batch may begin.
enum BatchPermission: Sendable, Equatable {
  case granted
  /// Not yet, and why.
  case postponed(String)
  /// Not in this run, and why.
  case refused(String)
}

extension ImpactLimits {
  /// Judges what was found out. The window weighs most: a run that is paused past its end must not wait for the next one.
  func permission(_ facts: ImpactFacts) -> BatchPermission {
    if let window, let second = facts.secondOfDay, !window.contains(secondOfDay: second) {
      return .refused("it is outside the window \(window)")
    }
    if let pauseFile, facts.isPauseFilePresent { return .postponed("the pause file \(pauseFile) exists") }
    if let limit = maximumReplicaLag, let lag = facts.replicaLag, lag > limit {
      return .postponed("a replica is \(lag.components.seconds) s behind")
    }
    return .granted
  }

  /// How long a worker rests after a batch that took `elapsed` and kept the database busy for `busy` of it, so that the
  /// pace and the rate of rows, both shared by `workers`, are kept.
  func rest(after busy: Duration, elapsed: Duration, rows: Int, workers: Int) -> Duration {
    var least = pace < 1 ? busy * Double(workers) / pace : busy
    if let maximumRowsPerSecond {
      least = max(least, .seconds(1) * (Double(rows) * Double(workers) / Double(maximumRowsPerSecond)))
    }
    return max(.zero, least - elapsed)
  }
}
