import Datasets
import Failures
import Testing

struct DatasetSpecificationTests {
  @Test(arguments: [
    ("synthetic", "synthetic:training=20000,test=4000,features=64,classes=10,difficulty=0.8"),
    (
      "synthetic:classes=3,difficulty=0.25,training=7",
      "synthetic:training=7,test=4000,features=64,classes=3,difficulty=0.25"
    ),
    ("fashion-mnist", "fashion-mnist:/usr/share/datasets/fashion-mnist"),
    ("fashion-mnist:a", "fashion-mnist:a"),
    ("mnist:/a b/c:d,e=f", "mnist:/a b/c:d,e=f"),
    ("idx::", "idx::"),
    ("idx:ü\n", "idx:ü\n"),
    ("cifar10:/a, b,labels=fine", "cifar10:/a, b,labels=fine"),
    ("cifar100:/a, b", "cifar100:/a, b,labels=fine"),
    ("cifar100:a,labels=coarse", "cifar100:a,labels=coarse"),
    ("csv:a, b=c:d,e", "csv:a, b=c:d,e,holdout=0.1"),
    ("csv:a,,holdout=0.25,label=3", "csv:a,,label=3,holdout=0.25"),
    ("csv:a,label=x, y,test=b,c", "csv:a,label=x, y,test=b,c"),
    ("csv:a,holdout=0", "csv:a,holdout=0"),
    ("csv:a,drop=id", "csv:a,drop=id,holdout=0.1"), ("csv:a,missing=refuse", "csv:a,holdout=0.1"),
    (
      "csv:a,missing=mean,words=zip+4,drop=1+a b,label=x,test=b",
      "csv:a,label=x,drop=1+a b,words=zip+4,missing=mean,test=b"
    ),
  ])
  func theDescriptionIsCanonical(text: String, canonical: String) throws {
    let specification = try DatasetSpecification(parsing: text)
    #expect(specification.description == canonical)
    #expect(try DatasetSpecification(parsing: canonical) == specification)
  }

  @Test(arguments: [
    ("mnits:/a", "did you mean 'mnist'"), ("fashon-mnist", "did you mean 'fashion-mnist'"),
    ("Synthetic", "did you mean 'synthetic'"), ("", "known: synthetic, fashion-mnist, mnist, idx"),
    ("http://somewhere", "known: synthetic"), ("mnist", "mnist:FOLDER"), ("idx:", "idx:FOLDER"),
    ("fashion-mnist:", "fashion-mnist:FOLDER"), ("synthetic:", "KEY=VALUE"), ("synthetic:test", "KEY=VALUE"),
    ("synthetic:test=1,", "KEY=VALUE"), ("synthetic:featurs=3", "did you mean 'features'"),
    ("synthetic:test=1,test=2", "given twice"), ("synthetic:test=0", "test=0"), ("synthetic:test=-1", "test=-1"),
    ("synthetic:training=99999999999999999999", "1...2147483647"), ("synthetic:training=2147483648", "1...2147483647"),
    ("synthetic:features=1.5", "1...65536"), ("synthetic:features=1e999", "1...65536"),
    ("synthetic:classes=1", "2...1000"), ("synthetic:difficulty=nan", "0.0...1000.0"),
    ("synthetic:difficulty=-0.1", "0.0...1000.0"), ("synthetic:difficulty=1e999", "0.0...1000.0"),
    ("synthetic:difficulty=", "0.0...1000.0"), ("synthetic:=1", "known: training"),
    ("cifra10:a", "did you mean 'cifar10'"), ("cifar10", "cifar10:FOLDER"), ("cifar100:", "cifar100:FOLDER"),
    ("cifar100:a,labels=corse", "did you mean 'coarse'"), ("cifar100:a,label=fine", "did you mean 'labels'"),
    ("cifar100:a,labels=fine,labels=coarse", "given twice"),
    ("csv", "csv:FILE"), ("csv:", "csv:FILE"), ("csv:,label=1", "csv:FILE"), ("csv:a,lable=3", "did you mean 'label'"),
    ("csv:a,label=", "label="), ("csv:a,label=0", "from 1"), ("csv:a,label=-1", "from 1"), ("csv:a,test=", "test="),
    ("csv:a,test=b,holdout=0.1", "exclude each other"), ("csv:a,test=b,test=c", "given twice"),
    ("csv:a,drop=", "drop="), ("csv:a,drop=a+", "drop="), ("csv:a,drop=a+0", "from 1"), ("csv:a,words=-2", "from 1"),
    ("csv:a,missing=men", "did you mean 'mean'"), ("csv:a,missing=", "known: refuse, mean, drop"),
    ("csv:a,holdout=1", "0.0...0.9"), ("csv:a,holdout=-0.1", "0.0...0.9"), ("csv:a,holdout=nan", "0.0...0.9"),
  ])
  func whatCannotBeIsAUsageError(text: String, message: String) throws {
    let failure = try #require(throws: Failure.self) { try DatasetSpecification(parsing: text) }
    #expect(failure.code == .usage)
    #expect(failure.message.contains(message), "\(failure)")
  }

  @Test func openingGivesThePartThatWasAskedFor() throws {
    let specification = try DatasetSpecification(parsing: "synthetic:training=5,test=3,features=2,classes=4")
    #expect(try specification.open(.training, seed: 1).sampleCount == 5)
    let test = try specification.open(.test, seed: 1, classCount: 4)
    #expect(test.sampleCount == 3)
    #expect(test.format == SampleFormat(channels: 1, height: 1, width: 2, classCount: 4, encoding: .float))
  }
}
