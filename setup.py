"""What pyproject.toml cannot say: a wheel has the folder `experiments`, which lies outside of the package.

A checkout, and with it an editable installation, reads the folder where it is; see `hdrgen/configs/__init__.py`.
"""

from setuptools import find_namespace_packages, setup

EXPERIMENTS = "hdrgen.configs.experiments"
setup(packages=[*find_namespace_packages(include=["hdrgen*"]), EXPERIMENTS], package_dir={EXPERIMENTS: "experiments"})
