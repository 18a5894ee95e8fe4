# Figure of ResNet-20 with a worker three times slower, from the runs in `out`, to `figure`: training loss and test accuracy
# against time.
set terminal pngcairo size 1300,480 font "DejaVu Sans,11" noenhanced
set output figure
set datafile separator ","
set style line 1 lc rgb "#0072B2" lw 2
set style line 2 lc rgb "#D55E00" lw 2
set style line 3 lc rgb "#009E73" lw 2
set grid lc rgb "#dddddd"
set border 3
set tics nomirror
folders = "15 18-18-18-6 calibrated-15"
titles = "15,15,15,15 18,18,18,6 calibrated:15"
run(i) = out."/".word(folders, i)."/convergence.csv"

set multiplot layout 1,2
set xlabel "seconds"
set ylabel "training loss"
set logscale y
set yrange [0.5:2]
set ytics (0.5, 0.7, 1, 1.5, 2)
plot for [i = 1:3] run(i) using "elapsed_seconds":"train_loss" every ::1 with lines ls i title word(titles, i)
unset logscale
set yrange [*:*]
set ytics auto
set ylabel "test accuracy"
set key bottom right
plot for [i = 1:3] run(i) using "elapsed_seconds":"test_accuracy" every ::1 with lines ls i title word(titles, i)
unset multiplot
