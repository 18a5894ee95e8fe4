# Figure of the experiment with workers of different speed, from the runs in `out`, to the folder `figures`.
set terminal pngcairo size 1300,480 font "DejaVu Sans,11" noenhanced
set datafile separator ","
set output figures."/heterogeneous.png"
set style line 1 lc rgb "#0072B2" lw 2
set style line 2 lc rgb "#D55E00" lw 2
set style line 3 lc rgb "#009E73" lw 2
set grid lc rgb "#dddddd"
set border 3
set tics nomirror
names = "64 calibrated adaptive"
titles = "equal calibrated adaptive"
run(i) = out."/".word(names, i)."/convergence.csv"
set multiplot layout 1,2
set logscale y
set ylabel "training loss"
set xlabel "training time (seconds)"
set yrange [0.25:1.5]
set ytics (0.25, 0.3, 0.35, 0.4, 0.5, 0.7, 1, 1.5)
set title "One of four workers three times slower"
plot for [i = 1:3] run(i) using "elapsed_seconds":"train_loss" with lines ls i title word(titles, i)
unset logscale
set ytics auto
set yrange [0:*]
set key center right
set ylabel "share of worker time spent waiting (%)"
set title "Idle"
plot for [i = 1:3] run(i) using "elapsed_seconds":(100 * column("wait_seconds") / column("elapsed_seconds")) \
  every ::1 with lines ls i title word(titles, i)
unset multiplot
