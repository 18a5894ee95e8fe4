# SPDX-License-Identifier: Apache-2.0

from pathlib import Path

from spack_repo.builtin.build_systems.makefile import MakefilePackage

from spack.package import *


class PrsgdMpi(MakefilePackage):
    """Trains models by Parallel Restarted SGD: local SGD with periodic model averaging over MPI.

    Needs a Swift 6 toolchain on PATH, which Spack has no package for."""

    homepage = "https://doi.org/10.1609/aaai.v33i01.33015693"
    # The repository that this recipe is in.
    git = Path(__file__).resolve().parents[6].as_uri()

    license("Apache-2.0")

    version("main", branch="main")

    variant("plot", default=True, description="Figures of runs, drawn by gnuplot")

    depends_on("c", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("openblas")
    depends_on("zlib-api")
    depends_on("gnuplot+cairo", type="run", when="+plot")

    requires("target=x86_64:", msg="Kernels are for x86-64.")
    requires("^[virtuals=mpi] openmpi", "^[virtuals=mpi] mpich", policy="one_of", msg="Open MPI or MPICH is needed.")

    @property
    def make_arguments(self):
        mpi = "mpich" if self.spec.satisfies("^[virtuals=mpi] mpich") else "openmpi"
        # PACKAGES are Debian's, which make would install.
        return [f"PRSGD_MPI={mpi}", f"PREFIX={self.prefix}", "PACKAGES="]

    def add_library_paths(self, env):
        # Swift links without Spack's compiler wrappers, so the program has no search path of its own for these.
        for name in ("mpi", "openblas", "zlib-api"):
            for directory in self.spec[name].libs.directories:
                env.prepend_path("LD_LIBRARY_PATH", directory)

    def setup_build_environment(self, env):
        self.add_library_paths(env)

    def setup_run_environment(self, env):
        self.add_library_paths(env)
        env.set("OPENBLAS_NUM_THREADS", "1")
        env.set("PRSGD_MPI_BIN", self.prefix.bin.join("prsgd-mpi"))

    def build(self, spec, prefix):
        make("pages", *self.make_arguments)

    def install(self, spec, prefix):
        make("install", *self.make_arguments)

    def check(self):
        make("test", *self.make_arguments)
