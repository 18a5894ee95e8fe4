# Figure of the linear speed-up on ResNet-20, from the runs in `out` (a folder for each number of workers), to `figure`: training
# loss against steps, and steps to the loss `target`, from the table.
set terminal pngcairo size 1300,480 font "DejaVu Sans,11" noenhanced
set output figure
set style line 1 lc rgb "#000000" lw 2 pt 7
set style line 2 lc rgb "#0072B2" lw 2
set style line 3 lc rgb "#009E73" lw 2
set style line 4 lc rgb "#D55E00" lw 2
set style line 5 lc rgb "#888888" lw 1.5 dt 2
set grid lc rgb "#dddddd"
set border 3
set tics nomirror
workers = "1 2 4 8"
run(i) = out."/".word(workers, i)."/convergence.csv"

set multiplot layout 1,2
set datafile separator ","
set yrange [0.7 * target:1.6 * target]
set xlabel "steps of each worker"
set ylabel "training loss of the average model"
plot for [i = 1:4] run(i) using "step":"train_loss" every ::1 with lines ls i title "N = ".word(workers, i), \
  target with lines ls 5 title "target"

set datafile separator "|"
set logscale xy
set yrange [*:*]
set xlabel "workers N"
set ylabel sprintf("steps to a training loss of %g", target)
set xrange [0.9:9]
set xtics (1, 2, 4, 8)
set key bottom left
first = real(system("awk -F'[|]' 'NR == 3 { print $6 }' ".out."/table.md"))
plot first / x with lines ls 5 title "1/N", \
  out."/table.md" using 2:6 every ::2 with linespoints ls 1 title "Parallel Restarted SGD, γ and I by the corollary"
unset multiplot
