# Figures of the theory experiment, from the tables in `out`, to the folder `figures`.
set terminal pngcairo size 1300,480 font "DejaVu Sans,11" noenhanced
set style line 1 lc rgb "#0072B2" lw 2 pt 7
set style line 2 lc rgb "#D55E00" lw 2 pt 5
set style line 3 lc rgb "#009E73" lw 2 pt 9
set style line 4 lc rgb "#888888" lw 1.5 dt 2
set grid lc rgb "#dddddd"
set border 3
set tics nomirror

set output figures."/theory-speedup.png"
set multiplot layout 1,2
set logscale xy
set xlabel "workers N"
set ylabel "steps"
set xtics (1, 2, 4, 8)
set xrange [0.9:9]
set title sprintf("Steps until the squared gradient norm is %g", target)
set key bottom left
first = real(system("awk 'NR==1{print $2}' ".out."/speedup.dat"))
plot first/x with lines ls 4 title "1/N", \
  out."/speedup.dat" using 1:2 with linespoints ls 1 title "psgd", \
  out."/speedup.dat" using 1:3 with linespoints ls 2 title "pr-sgd, I by theory", \
  out."/speedup.dat" using 1:4 with linespoints ls 3 title sprintf("pr-sgd, I = %d", far)
unset logscale x
set xtics auto
set xrange [0:3000]
set xlabel "steps"
set ylabel "squared gradient norm"
set title "N = 8"
set key top right
plot target with lines ls 4 title "target", \
  out."/psgd-8.dat" with lines ls 1 title "psgd", \
  out."/short-8.dat" with lines ls 2 title "pr-sgd, I by theory", \
  out."/far-8.dat" with lines ls 3 title sprintf("pr-sgd, I = %d", far)
unset multiplot

set terminal pngcairo size 800,480 font "DejaVu Sans,11" noenhanced
set output figures."/theory-epochs.png"
set logscale xy
set xrange [100:30000]
set xlabel "steps"
set title "Algorithm 2, N = 4"
plot out."/epochs.dat" using 1:2 with lines ls 4 title "squared gradient norm", \
  out."/epochs.dat" using 1:3 with lines ls 1 title "its mean so far"

set output figures."/theory-one-shot.png"
unset logscale
set xrange [0:3000]
set yrange [0:*]
set key at graph 0.98,0.49
set ylabel "f(x̄)"
set title "Double wells: every sign pattern is a minimum"
plot out."/wells-pr-sgd-1.dat" with lines ls 4 title "one worker", \
  out."/wells-pr-sgd-8.dat" with lines ls 1 title "pr-sgd, I = 16, N = 8", \
  out."/wells-one-shot-2.dat" with lines ls 3 title "one-shot, N = 2", \
  out."/wells-one-shot-8.dat" with lines ls 2 title "one-shot, N = 8"
