# Figure of the experiments on texts, from the runs in `out`, to `figure`.
set terminal pngcairo size 1300,480 font "DejaVu Sans,11" noenhanced
set output figure
set datafile separator ","
set style line 1 lc rgb "#000000" lw 2 pt 7
set style line 2 lc rgb "#0072B2" lw 2 pt 7
set style line 3 lc rgb "#D55E00" lw 2 pt 7
set grid lc rgb "#dddddd"
set border 3
set tics nomirror
methods = "psgd diloco streaming-diloco"

set multiplot layout 1,2
set title "gpt, 2 workers"
set xlabel "steps"
set ylabel "loss of the next character (nats)"
plot for [i = 1:3] out."/gpt-".word(methods, i)."-".rate."/convergence.csv" using "step":"test_loss" every ::1 \
  with lines ls i title word(methods, i)
set title "lstm on roles, 8 workers, FedAvg"
set xlabel "rounds"
set ylabel "accuracy of the next character"
set key bottom right
plot out."/lstm-1.csv" using 1:2 every ::1 with linespoints ls 2 title "E = 1", \
  out."/lstm-5.csv" using 1:2 every ::1 with linespoints ls 3 title "E = 5"
unset multiplot
