/// How what is archived is kept from being altered or removed, by a bucket that has S3 Object Lock.
package struct ObjectLockSettings: Sendable, Equatable {
  /// Given exactly when `days` is.
  package internal(set) var mode: Mode?
  /// 1 … 36,500 (S3's bound is a hundred years).
  package internal(set) var days: Int?
  package internal(set) var legalHold = false

  /// Who may lift the retention before its time: some, or nobody.
  package enum Mode: String, Sendable, CaseIterable { case governance, compliance }

  init() {}
}

extension ObjectLockSettings: SettingsSection {
  static let title = "object_lock"

  static let fields: [Field<ObjectLockSettings>] = [
    Field("mode", \.mode, .choice, "governance: those with a special right may lift it; compliance: nobody may"),
    Field("days", \.days, .wholeNumber(1...36_500), "how long objects are kept from the day they are written"),
    Field("legal_hold", \.legalHold, .flag, "keep objects until someone lifts the hold, besides or instead"),
  ]

  mutating func settle(_ place: SectionPlace, _ reading: inout Reading) {
    for (key, other) in [("mode", "days"), ("days", "mode")] where place.given[key] != nil && place.given[other] == nil
    {
      reading.report("is given without \(other)", at: place.key(key), line: place.line(of: key))
    }
    if mode == nil, days == nil, !legalHold, place.given["mode"] == nil, place.given["days"] == nil {
      reading.report("locks nothing", at: place.path, line: place.line, hint: "give mode and days, or legal_hold: true")
    }
  }
}
