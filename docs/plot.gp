# Draws the convergence of one run or several: loss and accuracy, against epochs and against time.
#
# The script "plot" beside this file runs it, with the names set that it reads: `output`, the figure's path without
# .png or .svg, and the array `Folders` of the runs, each with a convergence.csv, whose columns are found by their
# names. Needs gnuplot 5.4 or newer.

runs = |Folders|
array Files[runs]
array Names[runs]
base(path) = strstrt(path, "/") ? base(path[strstrt(path, "/") + 1 : *]) : path
do for [i = 1:runs] {
  Files[i] = Folders[i] . "/convergence.csv"
  Names[i] = base(Folders[i])
}

set datafile separator comma
set encoding utf8

# What there is to draw. A run without a test set leaves those columns empty, a diverged one holds NaN, and a loss of
# zero has no logarithm.
columns = "train_loss test_loss train_accuracy test_accuracy"
array Drawable[4 * runs]
drawable(i, c) = Drawable[4 * (i - 1) + c]
finite(x) = x == x && abs(x) < 1e300
array Shown[2]  # curves of losses, of accuracies
Shown[1] = 0
Shown[2] = 0
lowestLoss = 1e300
highestLoss = 0
lowestAccuracy = 1  # of a model with any training
longestTime = 0
longestEpoch = 0
rows = 0
do for [i = 1:runs] {
  do for [c = 1:4] {
    stats Files[i] using (finite(column(word(columns, c)))) nooutput
    count = exists("STATS_sum") ? STATS_sum : 0
    Drawable[4 * (i - 1) + c] = count > 0
    if (count > 0) {
      m = c > 2 ? 2 : 1
      Shown[m] = Shown[m] + 1
      rows = count > rows ? count : rows
      stats Files[i] using (x = column(word(columns, c)), finite(x) ? x : NaN) nooutput
      if (m == 1 && STATS_min < lowestLoss) { lowestLoss = STATS_min }
      # Without the untrained model, which would squeeze all others together; unless there is no other.
      first = STATS_max
      stats Files[i] using (x = column(word(columns, c)), finite(x) && column("epoch") > 0 ? x : -1) nooutput
      highest = STATS_max > 0 ? STATS_max : first
      if (m == 1 && highest > highestLoss) { highestLoss = highest }
      stats Files[i] using (x = column(word(columns, c)), finite(x) && column("epoch") > 0 ? x : 1) nooutput
      if (m == 2 && STATS_min < lowestAccuracy) { lowestAccuracy = STATS_min }
    }
  }
  stats Files[i] using (column("elapsed_seconds")) nooutput
  if (STATS_max > longestTime) { longestTime = STATS_max }
  stats Files[i] using (column("epoch")) nooutput
  if (STATS_max > longestEpoch) { longestEpoch = STATS_max }
}
# Enough above and below for two tics.
lossMargin = lowestLoss > 0 && 4.8 * lowestLoss > highestLoss ? sqrt(6.3 * lowestLoss / highestLoss) : 1.15
timeUnit = longestTime > 3 * 3600 ? 3600. : longestTime > 600 ? 60. : 1.
timeName = timeUnit == 3600 ? "hours" : timeUnit == 60 ? "minutes" : "seconds"

# Okabe and Ito's colours, told apart with any colour vision; yellow is left out, too faint on white.
array Colours[7] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9", "#E69F00"]
colour(i) = Colours[1 + (i - 1) % 7]
# A run has a colour and a mark; the test set is drawn solid, the training set dashed. One run alone has a colour for
# each set.
array Marks[4] = [7, 5, 9, 13]
mark(i) = Marks[1 + (i - 1) % 4]
# Thinner from run to run, so that of curves that lie on each other all are seen.
curveWidth(i) = runs > 1 ? 4.5 - 3. * (i - 1) / (runs - 1) : 2.5
curveColour(i, c) = runs > 1 ? colour(i) : c % 2 ? colour(2) : colour(1)
markEvery = rows > 25 ? int(rows / 12) : 1
dashed(c) = c % 2
look(i, c) = sprintf( \
  "with linespoints linewidth %g linecolor rgb '%s' dashtype %d pointtype %d pointsize %g pointinterval %d", \
  curveWidth(i), curveColour(i, c), dashed(c) ? 2 : 1, mark(i), dashed(c) ? 0 : 1.1, markEvery)

abscissa(unused) = column(xcolumn) / unit
ordinate(c) = finite(column(word(columns, c))) ? column(word(columns, c)) * scale : NaN

# The legend's entries: the runs where there are several, then the two kinds of line.
legend = ""
if (runs > 1) {
  do for [i = 1:runs] { legend = legend . sprintf("keyentry %s title Names[%d], ", look(i, 2), i) }
}
kind(c) = runs > 1 ? \
  sprintf("with lines linewidth 2.5 linecolor rgb '#606060' dashtype %d", dashed(c) ? 2 : 1) : look(1, c)
legend = legend . "keyentry " . kind(1) . " title 'training set', keyentry " . kind(2) . " title 'test set'"

# One legend for all four panels stands below them, in as many rows as the names need.
longestName = 12
do for [i = 1:runs] { longestName = runs > 1 && strlen(Names[i]) > longestName ? strlen(Names[i]) : longestName }
entries = runs > 1 ? runs + 2 : 2
legendColumns = int(1440. / (9.5 * longestName + 90))
legendColumns = legendColumns < 1 ? 1 : legendColumns > entries ? entries : legendColumns
legendRows = int((entries - 1) / legendColumns) + 1
legendHeight = 0.02 + 0.025 * legendRows
bottomMargin = 0.09 + legendHeight

do for [type = 1:2] {
  if (type == 1) {
    set terminal pngcairo noenhanced size 1500,1100 font "DejaVu Sans,15" background rgb "white"
    set output output . ".png"
  } else {
    set terminal svg noenhanced size 1500,1100 font "DejaVu Sans,18" background rgb "white" name "convergence"
    set output output . ".svg"
  }
  set grid xtics ytics linetype 1 linecolor rgb "#D4D4D4" linewidth 1
  set border 3 linecolor rgb "#404040" linewidth 1.2
  set tics nomirror out
  set key off
  set multiplot layout 2,2 rowsfirst title (runs == 1 ? Names[1] : "Convergence of " . runs . " runs") \
    font "DejaVu Sans Bold" \
    margins 0.075, 0.985, bottomMargin, 0.915 spacing 0.085, 0.125
  do for [panel = 1:4] {
    m = panel > 2 ? 2 : 1
    byTime = panel % 2 == 0
    set title (m == 1 ? "Loss" : "Accuracy") . (byTime ? " against time" : " against epochs")
    set xlabel byTime ? "training time (" . timeName . ", evaluations not counted)" \
      : "epochs (passes over the training set)"
    set ylabel m == 1 ? "mean loss per sample" : "accuracy (%)"
    unset logscale
    set format y "%g"
    set autoscale
    set ytics auto
    if (m == 1 && lowestLoss > 0 && Shown[1] > 0) {
      set logscale y
      set yrange [lowestLoss / lossMargin : highestLoss * lossMargin]
      if (highestLoss < 200 * lowestLoss) {
        set for [decade = -6:6] ytics add (2 * 10. ** decade, 5 * 10. ** decade)
      }
    }
    if (m == 2) { set yrange [lowestAccuracy < 1 ? 5 * floor(20 * lowestAccuracy) : 0 : *] }
    set xrange [0:*] noextend
    if ((byTime ? longestTime : longestEpoch) <= 0) { set xrange [-1:1] }
    unset label
    if (Shown[m] == 0) {
      set label 1 "nothing recorded" at graph 0.5, 0.5 center
      set yrange [0:1]
    }
    scale = m == 1 ? 1. : 100.
    unit = byTime ? timeUnit : 1.
    xcolumn = byTime ? "elapsed_seconds" : "epoch"
    curves = ""
    do for [c = 2 * m - 1 : 2 * m] {
      do for [i = 1:runs] {
        if (drawable(i, c)) {
          curves = curves . sprintf("Files[%d] using (abscissa(0)):(ordinate(%d)) %s notitle, ", i, c, look(i, c))
        }
      }
    }
    # Without a curve, a point out of sight makes gnuplot draw the empty panel.
    eval "plot " . (strlen(curves) ? curves[1 : strlen(curves) - 2] : "'+' using (0):(-1) every ::0::0 notitle")
  }
  unset label
  unset border
  unset tics
  unset grid
  unset title
  unset xlabel
  unset ylabel
  unset logscale
  set margins at screen 0.02, 0.98, 0.005, legendHeight
  set key on at screen 0.52, 0.01 center bottom horizontal noopaque samplen 3 width 2 maxcols legendColumns
  eval "plot [0:1] [0:1] NaN notitle, " . legend
  unset multiplot
  unset output
}
