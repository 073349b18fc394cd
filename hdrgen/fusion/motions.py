"""Camera motions between two photographs, as families of homographies around the identity."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from hdrgen.fusion.transforms import Matrix, shift

Values = NDArray[np.float64]


class MotionModel(ABC):
    """A family of homographies; parameters 0 are the identity, in coordinates of about unit size from the centre."""

    @abstractmethod
    def slopes(self, points: Values, gradient: Values) -> Values:
        """How image values at points (N, 2) change with the parameters, (N, P), for gradients (N, 2) there."""

    @abstractmethod
    def matrix(self, parameters: Values) -> Matrix:
        """The homography."""

    @abstractmethod
    def parameters(self, matrix: Matrix) -> Values:
        """Of the member of the family that is nearest to a homography whose last element is 1."""


class Translation(MotionModel):
    """A shift: 2 parameters."""

    def slopes(self, points: Values, gradient: Values) -> Values:
        """The gradient itself."""
        return gradient

    def matrix(self, parameters: Values) -> Matrix:
        """The shift."""
        return shift(*parameters)

    def parameters(self, matrix: Matrix) -> Values:
        """Where the centre goes."""
        return np.asarray(matrix[:2, 2])


class Euclidean(MotionModel):
    """A shift and a turn: 3 parameters."""

    def slopes(self, points: Values, gradient: Values) -> Values:
        """A turn moves (x, y) along (-y, x)."""
        turn = gradient[:, 1] * points[:, 0] - gradient[:, 0] * points[:, 1]
        return np.column_stack([gradient, turn])

    def matrix(self, parameters: Values) -> Matrix:
        """The turn, then the shift."""
        x, y, angle = parameters
        cosine, sine = np.cos(angle), np.sin(angle)
        return np.array([[cosine, -sine, x], [sine, cosine, y], [0.0, 0.0, 1.0]])

    def parameters(self, matrix: Matrix) -> Values:
        """Where the centre goes, and the angle."""
        return np.append(matrix[:2, 2], np.arctan2(matrix[1, 0] - matrix[0, 1], matrix[0, 0] + matrix[1, 1]))


class Homography(MotionModel):
    """Any camera rotation, or a plane seen from elsewhere: 8 parameters."""

    def slopes(self, points: Values, gradient: Values) -> Values:
        """Of the 8 free elements of the matrix, row by row."""
        x, y = points.T
        gx, gy = gradient.T
        along = gx * x + gy * y
        return np.column_stack([gx * x, gx * y, gx, gy * x, gy * y, gy, -along * x, -along * y])

    def matrix(self, parameters: Values) -> Matrix:
        """The identity and the parameters."""
        matrix: Matrix = np.eye(3) + np.append(parameters, 0.0).reshape(3, 3)
        return matrix

    def parameters(self, matrix: Matrix) -> Values:
        """The elements less the identity's."""
        return np.asarray((matrix - np.eye(3)).ravel()[:8])
