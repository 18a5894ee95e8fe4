import Foundation
import Testing

extension BuiltProgram {
  /// The page that draws runs beside each other.
  struct ReportTests {
    private static let browser = ["/usr/bin/chromium", "/usr/bin/google-chrome"].first(
      where: FileManager.default.isExecutableFile(atPath:))

    private func runs(_ workspace: Workspace) async throws {
      for (name, options) in [
        ("runs/plain", "--momentum 0 --interval 2"), ("runs/uneven", "--algorithm pr-sgd-het --interval 2,4"),
      ] { try await workspace.train("\(options) --steps 24 --evaluate-every 6", ranks: 2, into: name) }
    }

    /// What the page has of a run; a cell without a number is nil.
    private struct Run: Decodable {
      let name: String
      let convergence: [String: [Double?]]
      let intervals: [String: [Double?]]?
    }

    private func data(_ workspace: Workspace, _ file: String) throws -> [Run] {
      let page = String(decoding: try workspace.bytes(of: file), as: UTF8.self)
      let line = try #require(page.split(separator: "\n").first { $0.contains("const runs = ") })
      let start = try #require(line.firstIndex(of: "["))
      return try JSONDecoder().decode([Run].self, from: Data(line[start...].dropLast().utf8))
    }

    @Test func aPageHoldsWhatTheFilesOfTheRunsSay() async throws {
      let workspace = try Workspace()
      try await runs(workspace)
      let outcome = try await workspace.run("report runs/plain/ runs/uneven --output page.html")
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      #expect(outcome.output == "wrote page.html: 2 runs\n")
      let data = try data(workspace, "page.html")
      #expect(data.map(\.name) == ["runs/plain", "runs/uneven"])
      for (index, run) in ["runs/plain", "runs/uneven"].enumerated() {
        let table = try workspace.convergence(run)
        let columns = data[index].convergence
        #expect(Set(columns.keys) == Set(table.header))
        for name in table.header { #expect(columns[name] == (try table[column: name].map(Double.init)), "\(name)") }
      }
      #expect(data[0].intervals == nil)
      #expect(data[1].intervals != nil)
      // Nothing is fetched from anywhere: the one address is the name of a language.
      let page = String(decoding: try workspace.bytes(of: "page.html"), as: UTF8.self)
      #expect(
        page.components(separatedBy: "http").count == page.components(separatedBy: "http://www.w3.org/2000/svg").count)
    }

    /// A run that goes on may be in the middle of a line.
    @Test func aRunThatGoesOnIsDrawnAsFarAsItIs() async throws {
      let workspace = try Workspace()
      try await runs(workspace)
      let bytes = try workspace.bytes(of: "runs/plain/convergence.csv")
      let whole = try workspace.convergence("runs/plain").rows.count
      try workspace.write(bytes.dropLast(5), to: "runs/plain/convergence.csv")
      let outcome = try await workspace.run("report runs/plain")
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      #expect(try data(workspace, "report.html")[0].convergence["step"]?.count == whole - 1)
    }

    @Test func namesAndTitlesAreNoPartOfTheLanguage() async throws {
      let workspace = try Workspace()
      let name = "a</script><b>&"
      try await workspace.train("--steps 2", into: "run")
      try FileManager.default.moveItem(
        atPath: "\(workspace.path)/run", toPath: "\(workspace.path)/\(name.replacing("/", with: ":"))")
      let outcome = try await workspace.run("report", [name.replacing("/", with: ":"), "--title", "<i>&</script>"])
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      let page = String(decoding: try workspace.bytes(of: "report.html"), as: UTF8.self)
      #expect(page.contains("<title>&lt;i&gt;&amp;&lt;/script&gt;</title>"))
      #expect(page.components(separatedBy: "</script>").count == 2)
      #expect(try data(workspace, "report.html").count == 1)
    }

    @Test func whatIsNoRunIsNamed() async throws {
      let workspace = try Workspace()
      try await workspace.train("--steps 2", into: "run")
      try workspace.write("step,epoch\n1\n".utf8, to: "cut/convergence.csv")
      try workspace.write(workspace.bytes(of: "run/run.json"), to: "cut/run.json")
      try workspace.write("{".utf8, to: "damaged/run.json")
      for (arguments, code, word) in [
        ("nowhere", Int32(74), "nowhere/run.json"), ("damaged", 65, "damaged/run.json"), ("cut", 65, "line 2"),
        ("run --output no/such/page.html", 74, "no/such/page.html"), ("", 64, "runs"),
      ] {
        let outcome = try await workspace.run("report \(arguments)")
        #expect(outcome.code == code, "\(outcome.testDescription)")
        #expect(outcome.complaints.count == 1 && outcome.complaints[0].contains(word), "\(outcome.testDescription)")
      }
    }

    @Test(.enabled(if: browser != nil, "no Chromium is installed"))
    func aBrowserDrawsIt() async throws {
      let workspace = try Workspace()
      try await runs(workspace)
      let outcome = try await workspace.run("report runs/plain runs/uneven --output page.html")
      try #require(outcome.code == 0, "\(outcome.testDescription)")
      let browser = try RunningCommand(
        [
          try #require(Self.browser), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
          URL(fileURLWithPath: "\(workspace.path)/page.html").absoluteString,
        ], in: workspace.path, environment: Tools.environment)
      let page = try await browser.outcome().output
      // A line for each run in three charts of each of four values, and more.
      #expect(page.components(separatedBy: "<path").count > 24)
      for text in ["Results", "How far workers are apart", "Steps of each worker in a round", "rank 1", "--interval"] {
        #expect(page.contains(text), "\(text)")
      }
    }
  }
}
