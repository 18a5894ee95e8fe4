import Failures
import FoundationEssentials

/// A page that shows runs beside each other: one file, which needs nothing else.
enum ReportPage {
  /// - Throws: what the encoder throws.
  static func html(_ runs: [RunRecord], title: String) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    // Within a script the text of an element's end would end it.
    let data = String(decoding: try encoder.encode(runs), as: UTF8.self).replacing("</", with: "<\\/")
    return """
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(escaped(title))</title>
      <style>
      \(style)
      </style>
      <h1>\(escaped(title))</h1>
      <main id="page"><noscript>This page draws itself with JavaScript, which is switched off.</noscript></main>
      <script>
      const runs = \(data);
      \(script)
      </script>
      </html>

      """
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
