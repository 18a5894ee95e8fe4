import Kernels

/// All that an object stores, and what the objects that it is made of store, by path; found by reflection.
struct Leaves {
  /// What a stored property that is no object holds, as text; of memory, a hash.
  private(set) var values: [String: String] = [:]
  /// Properties, `Type.property`, that were left out.
  private(set) var leftOut: Set<String> = []

  private let excepted: Set<String>
  private var visited: Set<ObjectIdentifier> = []

  /// - Parameter excepted: properties, `Type.property`, that are left out with all below them.
  init(_ root: Any, except excepted: Set<String>) {
    self.excepted = excepted
    walk(root, "")
  }

  private mutating func walk(_ value: Any, _ path: String) {
    if let memory = value as? any Memory {
      values[path] = memory.contents
      return
    }
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .class, !visited.insert(ObjectIdentifier(value as AnyObject)).inserted { return }
    // Addresses are no state.
    if "\(mirror.subjectType)".contains("Pointer<") { return }
    if mirror.children.isEmpty {
      values[path] = "\(value)"
      return
    }
    for (index, child) in mirror.children.enumerated() {
      let property = "\(mirror.subjectType).\(child.label ?? "\(index)")"
      if excepted.contains(property) {
        leftOut.insert(property)
      } else {
        walk(child.value, path.isEmpty ? property : "\(path) → \(property)")
      }
    }
  }
}

/// What holds numbers by address.
private protocol Memory {
  var contents: String { get }
}

extension AlignedBuffer: Memory {
  var contents: String {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(elements))
    return "\(hasher.finalize())"
  }
}

extension ParameterVector: Memory {
  var contents: String { "\(bitHash())" }
}
