# Figure of the paper's experiment, from the runs in `out`, to `figure`: training loss and test accuracy against epochs, bytes
# and time. The first row of a run is of the untrained model, which all have in common.
set terminal pngcairo size 1650,950 font "DejaVu Sans,9" noenhanced
set output figure
set datafile separator ","
set datafile columnheaders
set grid lc rgb "#dddddd"
set border 3
set tics nomirror
set autoscale xfixmax
count = int(system("wc -l < '".out."/runs.txt'"))
line(i, field) = system("sed -n ".i."p '".out."/runs.txt' | cut -d'|' -f".field)
file(i) = out."/".line(i, 2)."-seed-1/convergence.csv"
array colors[12] = ["#000000", "#56B4E9", "#0072B2", "#0072B2", "#009E73", "#D55E00", "#E69F00", "#CC79A7", "#888888", "#999933", "#661100", "#882255"]
dashes(i) = strstrt(line(i, 1), "step first") ? 2 : 1
set multiplot layout 2,3 margins 0.05,0.99,0.15,0.98 spacing 0.045,0.09
do for [row in "loss accuracy"] {
  value = row eq "loss" ? "train_loss" : "test_accuracy"
  # The frame is that of parallel SGD, and some more: a method that does not learn does not squash the others.
  set yrange [*:*]
  stats file(1) using value every ::1 nooutput
  if (row eq "loss") {
    set logscale y; set ytics (0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10); set ylabel "training loss"
    set yrange [STATS_min / 1.2:STATS_max * 2]
  } else {
    unset logscale y; set ytics auto; set ylabel "test accuracy"; set yrange [STATS_min - 0.1:STATS_max + 0.02]
  }
  do for [axis in "epoch bytes_sent elapsed_seconds"] {
    scale = axis eq "bytes_sent" ? 1e-6 : 1
    set xlabel (axis eq "epoch" ? "epochs" : axis eq "bytes_sent" ? "MB sent by a worker" : "seconds")
    if (axis eq "bytes_sent") { set logscale x } else { unset logscale x }
    if (row eq "accuracy" && axis eq "bytes_sent") {
      set key at screen 0.05,0.08 left top Left reverse vertical maxrows 2 width 3 samplen 3
    } else { unset key }
    plot for [i=1:count] file(i) using (scale * column(axis)):(column(value)) every ::1 with lines lw 1.5 \
      dt dashes(i) lc rgb colors[i] title line(i, 1)
  }
}
unset multiplot
